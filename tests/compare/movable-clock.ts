/** A wall clock that a situation can move. The monotonic clock stays as it is. */
export interface MovableClock {
  move(ms: number): void;
  restore(): void;
}

/** Replaces the global `Date` by one that can be moved. Its time is the real one until then. */
export function movableClock(): MovableClock {
  const RealDate = globalThis.Date;
  let offsetMs = 0;
  const now = (): number => RealDate.now() + offsetMs;

  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[], newTarget: new () => object) =>
      Reflect.construct(target, given.length > 0 ? given : [now()], newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });

  return {
    move: (ms) => {
      offsetMs += ms;
    },
    restore: () => {
      globalThis.Date = RealDate;
    },
  };
}
