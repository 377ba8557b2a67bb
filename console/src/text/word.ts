/** The word for a code of the API's; one that is new, and has none yet, is shown as it is, with spaces. */
export const wordFor = (words: Readonly<Record<string, string>>, code: string): string =>
  new Map(Object.entries(words)).get(code) ?? code.replaceAll('_', ' ');
