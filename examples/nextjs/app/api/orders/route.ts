import { isTokenError } from 'm2m-tokens';

import { api } from '../../../lib/tokens';

/** A route handler. */
export async function GET() {
  try {
    const response = await api('/orders');
    return Response.json(await response.json(), { status: response.status });
  } catch (error) {
    if (!isTokenError(error)) throw error;
    console.error(error.message);
    return Response.json({ message: 'The orders are not available' }, { status: 503 });
  }
}
