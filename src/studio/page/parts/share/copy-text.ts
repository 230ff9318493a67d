/** Puts text on the clipboard. @returns whether the browser let us */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copySelected(text);
	}
}

/** For pages that are not served safely, where there is no clipboard: what is selected can be copied. */
function copySelected(text: string): boolean {
	const area = document.createElement("textarea");
	area.value = text;
	area.readOnly = true;
	const before = document.activeElement as HTMLElement | null;
	(before?.closest("dialog") ?? document.body).append(area);
	area.select();
	const done = document.execCommand("copy");
	area.remove();
	before?.focus();
	return done;
}
