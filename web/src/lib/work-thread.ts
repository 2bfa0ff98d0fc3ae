import { solveChallenge } from 'altcha-lib/v1';
import type { Challenge } from './types.js';

// Beside the page, which stays quick however hard the work is.
addEventListener('message', (message: MessageEvent<Challenge>) => {
  const { challenge, salt, maxnumber } = message.data;
  void solveChallenge(challenge, salt, 'SHA-256', maxnumber).promise.then((solved) =>
    postMessage(solved?.number ?? null),
  );
});
