/** A number with what it counts: "1 row", "2 rows". @param plural default `one` with an s */
export function counted(count: number, one: string, plural = `${one}s`): string {
	return `${count} ${count === 1 ? one : plural}`;
}
