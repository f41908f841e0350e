/** One line of the chart. */
export interface Series {
  readonly label: string;
  /** Events in each second since the start. */
  readonly perSecond: Uint32Array;
}

export interface ChartOptions {
  readonly title: string;
  readonly subtitle: string;
  readonly series: readonly Series[];
  readonly fromSecond: number;
  readonly toSecond: number;
}

const [width, height] = [840, 400];
const plot = { left: 62, right: width - 24, top: 78, bottom: height - 56 };
/** The start of the scale. Below 1, so that a single grant is visible. */
const least = 0.6;
// Readable on a white and on a black page.
const ink = '#77808b';
const colours = ['#d97706', '#a855f7', '#d9534f', '#2f81f7'];
const font = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

/** Grants a second over time on a logarithmic scale, as SVG for light and dark pages. */
export function chart({ title, subtitle, series, fromSecond, toSecond }: ChartOptions): string {
  const greatest = Math.max(10, ...series.map(({ perSecond }) => highest(perSecond, fromSecond, toSecond).value));
  const x = (second: number) =>
    plot.left + ((second - fromSecond) / (toSecond - fromSecond)) * (plot.right - plot.left);
  const y = (value: number) =>
    plot.bottom - (Math.log(value / least) / Math.log((greatest * 1.25) / least)) * (plot.bottom - plot.top);

  const yTicks = [1, 10, 100, 1_000, 10_000, 100_000].filter((value) => value <= greatest);
  const stepSeconds =
    [1, 5, 10, 30, 60, 300, 600, 3_600].find((step) => (toSecond - fromSecond) / step <= 12) ?? 14_400;
  const xTicks = range(Math.ceil(fromSecond / stepSeconds) * stepSeconds, toSecond, stepSeconds);

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title" font-family='${font}' font-size="13" fill="${ink}">`,
    `<title id="title">${escape(`${title}. ${subtitle}`)}</title>`,
    write(plot.left, 26, title, 'font-size="17" font-weight="600"'),
    write(plot.left, 48, subtitle),
    ...yTicks.flatMap((value) => [
      `<path d="M${plot.left} ${round(y(value))}H${plot.right}" stroke="${ink}" stroke-opacity="0.3"/>`,
      write(plot.left - 8, y(value) + 4, value.toLocaleString('en-US'), 'text-anchor="end"'),
    ]),
    `<path d="M${plot.left} ${plot.bottom}H${plot.right}" stroke="${ink}"/>`,
    ...xTicks.flatMap((second) => [
      `<path d="M${round(x(second))} ${plot.bottom}v5" stroke="${ink}"/>`,
      write(x(second), plot.bottom + 20, clockTime(second), 'text-anchor="middle"'),
    ]),
    write((plot.left + plot.right) / 2, height - 12, 'time since start, minutes:seconds', 'text-anchor="middle"'),
    `<text transform="translate(16 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">grants a second, log scale</text>`,
    ...series.map(({ perSecond }, index) => {
      const bars = range(fromSecond, toSecond - 1, 1)
        .filter((second) => (perSecond[second] ?? 0) > 0)
        .map(
          (second) =>
            `M${round(x(second))} ${plot.bottom}V${round(y(perSecond[second] ?? 0))}h${round(x(1) - x(0))}V${plot.bottom}z`,
        );
      return `<path d="${bars.join('')}" fill="${colour(index)}" stroke="${colour(index)}" stroke-width="0.6"/>`;
    }),
    ...series.map(({ label, perSecond }, index) => {
      const { value, second } = highest(perSecond, fromSecond, toSecond);
      const style = `fill="${colour(index)}" font-weight="600"`;
      const words = `${label}: ${value.toLocaleString('en-US')}`;
      // The label of a wide band stands above it, that of a spike beside it.
      const active = range(fromSecond, toSecond - 1, 1).filter((each) => (perSecond[each] ?? 0) > 0);
      const [first = second, last = second] = [active[0], active.at(-1)];
      const isBand = x(last) - x(first) > words.length * 7;
      if (isBand) return write((x(first) + x(last)) / 2, y(value) - 8, words, `${style} text-anchor="middle"`);
      const isRoomLeft = x(second) - words.length * 8 > plot.left;
      return isRoomLeft
        ? write(x(second) - 8, y(value) + 10, words, `${style} text-anchor="end"`)
        : write(x(second) + 14, y(value) + 10, words, style);
    }),
    '</svg>',
    '',
  ].join('\n');
}

function highest(perSecond: Uint32Array, from: number, to: number): { value: number; second: number } {
  const value = perSecond.subarray(from, to).reduce((a, b) => Math.max(a, b), 0);
  return { value, second: perSecond.indexOf(value, from) };
}

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, index) => from + index * step);

const colour = (index: number): string => colours[index % colours.length] ?? ink;

const round = (value: number): string => String(Math.round(value * 10) / 10);

const write = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(words)}</text>`;

const escape = (words: string): string => words.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

const clockTime = (second: number): string =>
  `${Math.floor(second / 60)}:${String(Math.floor(second % 60)).padStart(2, '0')}`;
