/** The word for a code of the API's; one that is new, and has none yet, is shown as it is, with spaces. @param other what is shown instead of it */
export const wordFor = (words: Readonly<Record<string, string>>, code: string, other?: string | null): string =>
  new Map(Object.entries(words)).get(code) ?? other ?? code.replaceAll('_', ' ');
