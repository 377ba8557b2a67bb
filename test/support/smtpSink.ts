/** A tiny SMTP server for tests: keeps what it takes, and answers each recipient as the test wants. */
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { AddressInfo } from 'node:net';

export type TakenMail = { from: string; to: string; raw: string };
/** The reply to a command, such as `550 no such user`, or undefined for the usual one. `null`: no answer at all. */
export type Answer = (command: string) => string | null | undefined;

export type SmtpSink = {
  url: string;
  /** Every mail that was acknowledged, in order. */
  taken: TakenMail[];
  /** Commands seen, in order: `RCPT TO:<a@example.com>`. The end of a mail's data shows as `.`. */
  commands: string[];
  close(): Promise<void>;
};

export async function startSmtpSink(answer: Answer = () => undefined): Promise<SmtpSink> {
  const taken: TakenMail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    converse(
      socket,
      (command) => {
        commands.push(command);
        return answer(command);
      },
      (mail) => taken.push(mail),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    commands,
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}

const usual: Record<string, string> = {
  EHLO: '250 sink',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  QUIT: '221 bye',
  '.': '250 taken',
};
const address = (command: string) => /<(.*)>/.exec(command)?.[1] ?? '';

function converse(socket: Socket, answer: Answer, take: (mail: TakenMail) => void): void {
  let mail: TakenMail = { from: '', to: '', raw: '' };
  let inData = false;
  const reply = (command: string): string => {
    const given = answer(command);
    const text = given === undefined ? (usual[command.split(/[ :]/)[0]!] ?? '502 unknown') : given;
    if (text !== null) socket.write(`${text}\r\n`);
    return text ?? '';
  };
  socket.write('220 sink\r\n');
  createInterface({ input: socket }).on('line', (line) => {
    if (inData && line !== '.') {
      mail.raw += `${line.startsWith('..') ? line.slice(1) : line}\n`;
      return;
    }
    const text = reply(line);
    if (inData && text.startsWith('250')) take(mail);
    inData = !inData && text.startsWith('354');
    if (line.startsWith('MAIL')) mail = { from: address(line), to: '', raw: '' };
    if (line.startsWith('RCPT')) mail.to = address(line);
    if (line === 'QUIT') socket.end();
  });
}
