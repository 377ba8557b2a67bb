/** Sends a mail: over SMTP when the deployment has it, else into the dev mailbox. */
import { createHash } from 'node:crypto';
import { createTransport, type NodemailerError, type SMTPTransportOptions, type Transporter } from 'nodemailer';
import type { Db } from '../ledger/db';
import { insertDevMail } from '../ledger/notices/insertDevMail';
import type { Composed } from './compose';

export type Mail = Composed & { messageId: string; kind: string; to: string };
/** `rejected`: the server refuses this recipient or mail for good. Whatever may pass later is thrown. */
export type SendOutcome = { kind: 'sent' } | { kind: 'rejected'; because: string };

export type Mailer = {
  /** Stable for a notice and recipient, so that a mail sent twice by a crash is recognisable as one. */
  messageIdOf(noticeId: string, recipient: string): string;
  send(mail: Mail): Promise<SendOutcome>;
};

export type MailerOptions = {
  /** `smtp://user:password@host:587`; without it mail goes to the dev mailbox. */
  smtpUrl?: string;
  /** `Ballast <billing@example.com>` */
  from: string;
  db: Db;
};

/** No mail takes longer, however slowly the server answers. */
export const SENDING_SECONDS_MAX = 60;

export function createMailer({ smtpUrl, from, db }: MailerOptions): Mailer {
  const domain = /@([^\s>@]+)>?\s*$/.exec(from)?.[1] ?? 'ballast.invalid';
  const transport = smtpUrl === undefined ? undefined : openTransport(smtpUrl);
  return {
    messageIdOf(noticeId, recipient) {
      const who = createHash('sha256').update(recipient.toLowerCase()).digest('hex').slice(0, 16);
      return `<${noticeId}.${who}@${domain}>`;
    },
    async send(mail) {
      if (transport) return sendBySmtp(transport, from, mail);
      await insertDevMail(db, mail);
      return { kind: 'sent' };
    },
  };
}

// A connection per mail: notices are few, and an idle connection that the server has closed would cost a try.
function openTransport(url: string): Transporter {
  const limits: SMTPTransportOptions = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };
  return createTransport({ url, disableFileAccess: true, disableUrlAccess: true, ...limits });
}

async function sendBySmtp(transport: Transporter, from: string, mail: Mail): Promise<SendOutcome> {
  try {
    await transport.sendMail({
      from,
      // As an object, or a comma in it would make several recipients.
      to: { name: '', address: mail.to },
      messageId: mail.messageId,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      // RFC 3834: keeps holiday answers away.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.timeout(SENDING_SECONDS_MAX * 1_000),
    });
    return { kind: 'sent' };
  } catch (error) {
    if (isRejection(error as NodemailerError)) return { kind: 'rejected', because: (error as Error).message };
    throw error;
  }
}

/** Only what the server says about the recipient or the mail; a refused login or sender is ours to put right. */
function isRejection({ permanent, command }: NodemailerError): boolean {
  return permanent === true && (command === 'RCPT TO' || command === 'DATA');
}
