import type { Connection } from 'mysql2/promise';
import { makeShow } from './shows.js';
import type { Stage } from './stage.js';

export type SettleHold = { id: string; fanId: string };

const seatsPerShow = 200;
const seatsPerHold = 2;
const price = 100;

/** The film and the hall that tickets and mails tell of. */
export async function makePlace(catalog: Connection): Promise<void> {
  await catalog.query(
    `INSERT INTO cities (city_id, name, country, time_zone, lat, lon)
     VALUES ('bench', 'Bench', 'IN', 'Asia/Kolkata', 0, 0)`,
  );
  await catalog.query(
    `INSERT INTO movies (movie_id, kind, title, synopsis, runtime_minutes, certificate, languages,
       genres, cast_names) VALUES ('bench', 'film', 'Bench', '', 120, 'U', '[]', '[]', '[]')`,
  );
  await catalog.query(
    `INSERT INTO cinemas (cinema_id, city_id, name, address, postal_code, lat, lon)
     VALUES ('bench', 'bench', 'Bench', 'Bench', '1', 0, 0)`,
  );
  await catalog.query(
    "INSERT INTO halls (hall_id, cinema_id, name) VALUES ('bench', 'bench', 'Bench')",
  );
}

/** Fans with an address, as only signing up makes them. */
export async function makeFans(api: number, fans: number): Promise<string[]> {
  const ids: string[] = [];
  for (let no = 0; no < fans; no += 1) {
    const answer = await fetch(`http://127.0.0.1:${api}/api/v1/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: `fan-${no}@bench.example`,
        password: `bench fan number ${no}`,
      }),
    });
    const body = (await answer.json()) as { fan_id?: string };
    if (body.fan_id === undefined) throw new Error(`a fan could not sign up: ${answer.status}`);
    ids.push(body.fan_id);
  }
  return ids;
}

/** Holds of two seats each, as granted requests leave them; fans in turn. */
export async function holdAll(stage: Stage, fans: string[], holds: number): Promise<SettleHold[]> {
  const made: SettleHold[] = [];
  const perShow = seatsPerShow / seatsPerHold;
  for (let showId = 1; made.length < holds; showId += 1) {
    const show = await makeShow(stage, showId, { seats: seatsPerShow });
    const count = Math.min(perShow, holds - made.length);
    for (let no = 0; no < count; no += 1) {
      const fanId = fans[made.length % fans.length] ?? '';
      const id = made.length + 1;
      const seats = [0, 1].map((seat) => no * seatsPerHold + seat);
      const reserved = seats.map((seat) => [seat, show.seats[seat] ?? '', price]);
      await writeHold(stage.shard, { showId, id, fanId, reserved });
      const name = `res_${showId.toString(36)}_${id.toString(36)}`;
      made.push({ id: name, fanId });
    }
  }
  return made;
}

async function writeHold(
  shard: Connection,
  hold: { showId: number; id: number; fanId: string; reserved: (string | number)[][] },
): Promise<void> {
  const { showId, id, fanId, reserved } = hold;
  const passId = `p${String(id).padStart(15, '0')}`;
  const until = 'NOW(3) + INTERVAL 1 HOUR';
  await shard.query(
    `INSERT INTO request (show_id, request_id, fan_id, idem_key, body_hash, pass_id, node, wish,
       state, decided_at) VALUES (?, ?, ?, ?, ?, ?, 'bench000', '{}', 'GRANTED', NOW(3))`,
    [showId, id, fanId, passId, 'h'.repeat(22), passId],
  );
  await shard.query(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, currency, created_at, expires_at, limit_at, due_at)
     VALUES (?, ?, ?, ?, 'HELD', ?, 1, ?, 'INR', NOW(3), ${until}, ${until}, ${until})`,
    [showId, id, fanId, passId, JSON.stringify(reserved), price * reserved.length],
  );
  await shard.query(
    `INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE taken = taken + VALUES(taken)`,
    [showId, fanId, reserved.length],
  );
  await shard.query(
    `UPDATE show_seat SET state = 'HELD', reservation_id = ?
     WHERE show_id = ? AND seat_no IN (?)`,
    [id, showId, reserved.map(([seatNo]) => seatNo)],
  );
}
