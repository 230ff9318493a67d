import { useEffect, useState } from "preact/hooks";

/**
 * Whether what is shown is not yet what was asked for: from the very frame in which the question changes, which is
 * before the call begins.
 * @param request what a call is asked
 * @param busy whether the call is under way
 */
export function useUnderway(request: unknown, busy: boolean): boolean {
	const key = JSON.stringify(request);
	const [begun, setBegun] = useState<string | undefined>(undefined);
	useEffect(() => setBegun(key), [key]);
	return busy || begun !== key;
}
