/** This machine, or this user, cannot do what a run asks for; the message says what is missing. */
export class CannotHere extends Error {}
