/** Tells whoever started this process that it is up: by a message, because a line in a log is lost when the disk is full. */
export function tellReady(): void {
  // The starter may be gone by now; who was not started with a channel has nobody to tell.
  process.send?.('ready', undefined, undefined, () => undefined);
}
