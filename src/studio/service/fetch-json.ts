/** A file of the page's own as JSON. @throws {Error} where it cannot be had */
export async function fetchJson<T>(address: string): Promise<T> {
	const answer = await fetch(address);
	if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
	return (await answer.json()) as T;
}
