/** A name server that notes what it is asked, and answers what it is told, or nothing. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

export type Question = { name: string; type: 'A' | 'AAAA' };
/** Addresses, `nobody` where the name does not exist, or null for silence. */
export type NameAnswer = readonly string[] | 'nobody' | null;
export type NameServer = { address: string; asked: Question[]; close(): Promise<void> };

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const HEADER_BYTES = 12;
const NXDOMAIN = 3;

export async function startNameServer(answer: (question: Question) => NameAnswer = () => null): Promise<NameServer> {
  const asked: Question[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { question, end } = read(message);
    asked.push(question);
    const answered = answer(question);
    if (answered !== null) socket.send(write(message.subarray(0, end), answered), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function read(message: Buffer): { question: Question; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[message.readUInt16BE(at + 1) as keyof typeof TYPES];
  return { question: { name: labels.join('.').toLowerCase(), type }, end: at + 5 };
}

/** @param asked the question's header and name */
function write(asked: Buffer, answer: readonly string[] | 'nobody'): Buffer {
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180 | (answer === 'nobody' ? NXDOMAIN : 0), 2);
  const addresses = answer === 'nobody' ? [] : answer;
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...addresses.map(recordOf)]);
}

function recordOf(address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : bytesOfV6(address);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  record.writeUInt16BE(data.length === 4 ? 1 : 28, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}

/** @param address with one `::`, without an IPv4 in it */
function bytesOfV6(address: string): Buffer {
  const [before, after] = address.split('::').map((half) => half.split(':').filter(Boolean)) as [string[], string[]];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
