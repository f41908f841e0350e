import axios from 'axios';
import * as library from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { checks } from '../../checks.cjs';

export const dynamic = 'force-dynamic';

/** Runs the check that the query names. */
export async function GET(request) {
  const name = new URL(request.url).searchParams.get('check');
  try {
    await checks[name]({ axios, library, bearerToken });
    return new Response('passed');
  } catch (error) {
    return new Response(error.stack, { status: 500 });
  }
}
