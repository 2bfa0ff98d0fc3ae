/**
 * Group commit without a timer: one statement is under way, and what arrives meanwhile is the
 * next one. A lone call pays nothing for it and a rush shares its commits.
 */
export type Grouping<Item, Result> = {
  add(item: Item): Promise<Result>;
  /** Items that wait for their statement. */
  depth(): number;
};

type Pending<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/** `run` answers its items in their order; when it throws, each of them is told. */
export function openGrouping<Item, Result>(
  itemsMax: number,
  run: (items: Item[]) => Promise<Result[]>,
): Grouping<Item, Result> {
  const waiting: Pending<Item, Result>[] = [];
  let busy = false;
  const pump = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, itemsMax);
      try {
        const results = await run(group.map((one) => one.item));
        for (const [index, one] of group.entries()) one.resolve(results[index] as Result);
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    busy = false;
  };
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (!busy) void pump();
      }),
    depth: () => waiting.length,
  };
}
