// Each worker starts its programs in a range of ports of its own, so that two never pick the same one
// between looking and listening.
const RANGE = 1_500;
const first = 20_000 + (Number(process.env.JEST_WORKER_ID ?? 1) % 8) * RANGE;
process.env.USHER_PRIVATE_PORTS = `${first}-${first + RANGE - 1}`;
