// Loaded before the runtime: the clocks of an execution environment that was frozen. A signal moves the wall clock.
const { now } = Date;
let movedMs = 0;
Date.now = () => now() + movedMs;

for (const [signal, ms] of [
  ['SIGUSR2', 50_000],
  ['SIGHUP', 3_600_000],
]) {
  process.on(signal, () => {
    movedMs += ms;
    console.log(`the clock moved by ${ms} ms`);
  });
}

if (process.env.MONOTONIC === 'stopped') performance.now = () => 0;
