import type { Failure } from './simulate.js';

/** A failing sale as a test that can be put beside the others; it passes once the promise is kept. */
export function testOf({ seed, plan, broken }: Failure): string {
  const settings = JSON.stringify(plan.settings);
  return [
    "import { expect, it } from '@jest/globals';",
    "import { play } from './play.js';",
    '',
    `// Found by \`usher simulate\` in the sale ${seed}: ${broken.detail}.`,
    `it(${JSON.stringify(`keeps to it that ${broken.rule}`)}, async () => {`,
    '  const played = await play({',
    `    settings: ${settings},`,
    '    steps: [',
    ...plan.steps.map((step) => `      ${JSON.stringify(step)},`),
    '    ],',
    '  });',
    '  expect(played.broken).toBeNull();',
    '});',
    '',
  ].join('\n');
}
