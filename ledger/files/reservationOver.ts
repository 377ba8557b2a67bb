/** What is thrown to whoever still writes a file or dataset whose reservation has ended. */

/** It was not renewed in time, so its content may have been removed: it is not kept, and has to be written again. */
export class ReservationOver extends Error {
  constructor(id: string) {
    super(`${id} took too long to be written`);
    this.name = 'ReservationOver';
  }
}
