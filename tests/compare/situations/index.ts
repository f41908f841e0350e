import type { Situation } from '../situation.js';
import { outages } from './outages.js';
import { rejections } from './rejections.js';
import { secrecy } from './secrecy.js';
import { tokens } from './tokens.js';

/** All situations, in the order of the table. */
export const situations: readonly Situation[] = [...tokens, ...outages, ...rejections, ...secrecy];
