import { type Finding, type Group, groups } from './finding.js';

/** How far a diagnosis came. */
export interface Extent {
  /** The group of the last finding. */
  readonly last: Group | undefined;
  readonly hasApi: boolean;
}

/** The last line of a diagnosis: the number of checks by their result, and the groups that it did not reach. */
export function summaryOf(findings: readonly Finding[], { last, hasApi }: Extent): string {
  const count = (verdict: Finding['verdict']): number => findings.filter((each) => each.verdict === verdict).length;
  const [passed, warnings, failed] = [count('pass'), count('warn'), count('fail')];
  const parts = [
    `${passed} passed`,
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const wanted = groups.filter((group) => group !== 'API' || hasApi);
  const notReached = last === undefined ? wanted : wanted.slice(wanted.indexOf(last) + 1);
  const rest = notReached.length === 0 ? '' : `; not reached: ${notReached.join(', ')}`;
  return `${counted(passed + warnings + failed, 'check')}: ${parts.join(', ')}${rest}`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
