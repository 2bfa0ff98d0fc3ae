/** What a ticket's page and mail say; plain values, so that this folder needs no store. */
export type TicketSeat = {
  /** The seat's public name, such as `J-12`. */
  seat: string;
  /** Minor units of the booking's currency. */
  price: number;
  ticketId: string;
  /** The signed text that the QR code shows. */
  qrCode: string;
};

export type TicketBooking = {
  bookingId: string;
  fanName: string;
  movieTitle: string;
  cinema: string;
  hall: string;
  startsAt: Date;
  /** The cinema's IANA zone, such as `Asia/Kolkata`. */
  timeZone: string;
  /** What the cinema writes in, such as `hi-IN`. */
  locale: string;
  seats: TicketSeat[];
  /** Minor units, all seats together. */
  amount: number;
  /** ISO 4217, such as `INR`. */
  currency: string;
};
