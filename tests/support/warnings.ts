import { cleanUp } from './clean-up.js';

/** Collects the process warnings until the test ends, and does not print them. */
export function warnings(): readonly string[] {
  const messages: string[] = [];
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error) => void messages.push(String(warning));
  cleanUp(() => {
    process.emitWarning = emitWarning;
  });
  return messages;
}
