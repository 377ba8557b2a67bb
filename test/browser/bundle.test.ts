/** What the console weighs, and whether its types are those of the API. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { CONSOLE_TYPES_FILE, makeConsoleTypes } from '../../dev/consoleTypes';
import { consolePages } from '../../api/http/consolePages';
import { TOKENS } from '../../api/http/look';
import { CONSOLE_DIR } from '../support/browser';

const KIB = 1_024;
const assets = (): string[] => readdirSync(join(CONSOLE_DIR, 'assets'));
/** Fonts are compressed already. */
const weigh = (file: string): number => {
  const content = readFileSync(join(CONSOLE_DIR, file));
  return file.endsWith('.woff2') ? content.length : gzipSync(content).length;
};

/** The files that the page's HTML asks for, and what those import before anything is shown. */
function firstFiles(): string[] {
  const html = readFileSync(join(CONSOLE_DIR, 'index.html'), 'utf8');
  return ['index.html', ...[...html.matchAll(/(?:src|href)="\/(?!v1\/)([^"]+)"/g)].map(([, file]) => file!)];
}
test('9.25 the page of the console and its files stand in no frame, and run nothing that is not theirs', async () => {
  const server = express().use(consolePages(CONSOLE_DIR)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const path of ['/', '/accounts/acme', ...firstFiles().map((file) => `/${file}`)]) {
    const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Accept: 'text/html' } });
    const policy = headers.get('content-security-policy');
    expect([path, status, policy]).toEqual([path, 200, expect.stringContaining("frame-ancestors 'none'")]);
    expect(policy).not.toMatch(/unsafe/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  server.close();
  server.closeAllConnections();
});

test('the pages that the API itself serves have the colours of the console', () => {
  const css = readFileSync(join(process.cwd(), 'console', 'src', 'styles', 'tokens.css'), 'utf8');
  const tokens = Object.fromEntries(
    [...css.matchAll(/^ {2}--([\w-]+): (.*);$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(tokens).toMatchObject(TOKENS);
});

/** A page of the console, by its chunk's name: its script and styles. */
const filesOf = (page: string): string[] =>
  assets()
    .filter((name) => new RegExp(`^${page}-[\\w-]{8}\\.(js|css)$`).test(name))
    .map((name) => `assets/${name}`);

test('the first page weighs at most 200 KB gzipped, with its font and the overview; each further part at most 60', () => {
  const sum = (files: string[]): number => files.reduce((bytes, file) => bytes + weigh(file), 0);
  expect(filesOf('overview')).not.toEqual([]);
  expect(sum([...firstFiles(), ...filesOf('overview')])).toBeLessThan(200 * KIB);
  const first = new Set(firstFiles());
  for (const name of assets()) if (!first.has(`assets/${name}`)) expect(weigh(`assets/${name}`)).toBeLessThan(60 * KIB);
});

test("the console's types are those of the API's document; else: npm run console:types", async () => {
  expect(readFileSync(CONSOLE_TYPES_FILE, 'utf8')).toBe(await makeConsoleTypes());
}, 120_000);
