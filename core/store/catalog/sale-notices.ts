import type { MessageChannel } from '../../domain/messages.js';
import type { StoredSaleState } from '../../domain/sale-state.js';
import type { Queryable } from '../database.js';

/** Asks to be told when a movie goes on sale; asking again changes nothing. */
export async function watchMovie(
  catalog: Pick<Queryable, 'change'>,
  movieId: string,
  fanId: string,
): Promise<void> {
  await catalog.change('INSERT IGNORE INTO movie_watch (movie_id, fan_id) VALUES (?, ?)', [
    movieId,
    fanId,
  ]);
}

export async function unwatchMovie(
  catalog: Pick<Queryable, 'change'>,
  movieId: string,
  fanId: string,
): Promise<void> {
  await catalog.change('DELETE FROM movie_watch WHERE movie_id = ? AND fan_id = ?', [
    movieId,
    fanId,
  ]);
}

export type SaleNotice = {
  name: string;
  state: StoredSaleState;
  title: string;
  opensAtMs: number;
  nowMs: number;
  timeZone: string;
  locale: string;
};

/** What is told of a sale before it opens, on the clock of its first cinema. */
export async function readSaleNotice(
  catalog: Pick<Queryable, 'rows'>,
  { saleId, movieId }: { saleId: string; movieId: string },
): Promise<SaleNotice | undefined> {
  const [row] = await catalog.rows<
    Omit<SaleNotice, 'opensAtMs' | 'nowMs'> & { opensAt: Date; now: Date }
  >(
    `SELECT a.name, a.state, m.title, a.opens_at AS opensAt, NOW(3) AS now,
       t.time_zone AS timeZone, t.locale
     FROM sales a
     JOIN shows s ON s.sale_id = a.sale_id AND s.movie_id = ? AND s.state <> 'CANCELLED'
     JOIN movies m ON m.movie_id = s.movie_id
     JOIN halls h ON h.hall_id = s.hall_id
     JOIN cinemas c ON c.cinema_id = h.cinema_id
     JOIN cities t ON t.city_id = c.city_id
     WHERE a.sale_id = ? ORDER BY s.starts_at, s.show_id LIMIT 1`,
    [movieId, saleId],
  );
  if (!row) return undefined;
  const { opensAt, now, ...rest } = row;
  return { ...rest, opensAtMs: opensAt.getTime(), nowMs: now.getTime() };
}

/** A sale's name and state, with the clock and language of its first cinema. */
export async function readSaleClock(
  catalog: Pick<Queryable, 'rows'>,
  saleId: string,
): Promise<Pick<SaleNotice, 'name' | 'state' | 'timeZone' | 'locale'> | undefined> {
  const [row] = await catalog.rows<Pick<SaleNotice, 'name' | 'state' | 'timeZone' | 'locale'>>(
    `SELECT a.name, a.state, t.time_zone AS timeZone, t.locale
     FROM sales a
     JOIN shows s ON s.sale_id = a.sale_id
     JOIN halls h ON h.hall_id = s.hall_id
     JOIN cinemas c ON c.cinema_id = h.cinema_id
     JOIN cities t ON t.city_id = c.city_id
     WHERE a.sale_id = ? ORDER BY s.starts_at, s.show_id LIMIT 1`,
    [saleId],
  );
  return row;
}

/**
 * Files a message to those who watch a movie whose sale opens within `soonSeconds` and who have none
 * of that sale yet. Returns how many were filed, at most `rowsMax` a call.
 */
export async function fileSaleNotices(
  catalog: Pick<Queryable, 'change'>,
  channel: MessageChannel,
  { soonSeconds, rowsMax }: { soonSeconds: number; rowsMax: number },
): Promise<number> {
  const { matched } = await catalog.change(
    `INSERT IGNORE INTO message (message_key, channel, fan_id, kind, detail)
     SELECT CONCAT('sale_soon-', a.sale_id, '-', w.fan_id), ?, w.fan_id, 'sale_soon',
       JSON_OBJECT('sale_id', a.sale_id, 'movie_id', MIN(w.movie_id))
     FROM sales a
     JOIN shows s ON s.sale_id = a.sale_id AND s.state = 'ACTIVE'
     JOIN movie_watch w ON w.movie_id = s.movie_id
     LEFT JOIN message m
       ON m.message_key = CONCAT('sale_soon-', a.sale_id, '-', w.fan_id) AND m.channel = ?
     WHERE a.standing = 0 AND a.state = 'ACTIVE' AND a.opens_at > NOW(3)
       AND a.opens_at <= NOW(3) + INTERVAL ? SECOND AND m.message_id IS NULL
     GROUP BY a.sale_id, w.fan_id LIMIT ?`,
    [channel, channel, soonSeconds, rowsMax],
  );
  return matched;
}
