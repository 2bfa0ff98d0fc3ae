const earthRadiusKm = 6_371;

/** Great-circle distance in km between two places in degrees. */
export function distanceKm(a: readonly [number, number], b: readonly [number, number]): number {
  const [latA, lonA] = a.map(toRadians) as [number, number];
  const [latB, lonB] = b.map(toRadians) as [number, number];
  const half =
    Math.sin((latB - latA) / 2) ** 2 +
    Math.cos(latA) * Math.cos(latB) * Math.sin((lonB - lonA) / 2) ** 2;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(half)));
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Reads `19.0760,72.8777`; undefined when it is no place on earth. */
export function parseLatLong(text: string): [number, number] | undefined {
  const match = /^\s*(-?\d{1,2}(?:\.\d{1,10})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,10})?)\s*$/.exec(text);
  const lat = Number(match?.[1]);
  const lon = Number(match?.[2]);
  return match && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [lat, lon] : undefined;
}
