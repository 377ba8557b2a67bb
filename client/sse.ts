/** Reads Server-Sent Events as they come (WHATWG HTML, section 9.2): what the gate's stream uses of them. */

export type ServerSentEvent = { event: string; data: string; id: string | null };

/** @param onBytes called whenever anything has come, comments too: the connection lives */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent> {
  let event = 'message';
  let data: string[] = [];
  let id: string | null = null;
  for await (const line of readLines(body, onBytes)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n'), id };
      event = 'message';
      data = [];
      id = null;
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}

async function* readLines(body: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  /** Of a line that is not complete yet: a page of a snapshot comes in many pieces. */
  let pieces: string[] = [];
  for await (const bytes of body) {
    onBytes();
    const lines = decoder.decode(bytes, { stream: true }).split('\n');
    pieces.push(lines[0]!);
    for (let next = 1; next < lines.length; next++) {
      const line = pieces.join('');
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
      pieces = [lines[next]!];
    }
  }
}
