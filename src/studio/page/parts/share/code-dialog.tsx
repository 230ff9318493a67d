import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { copyText } from "./copy-text.js";

export interface CodeDialogProps {
	readonly code: string;
	onClose(): void;
}

/** Shows a program that makes what the view shows, already copied where the browser lets us. */
export function CodeDialog({ code, onClose }: CodeDialogProps): JSX.Element {
	const dialog = useRef<HTMLDialogElement>(null);
	const [said, setSaid] = useState("");
	const copy = async (): Promise<void> => {
		setSaid((await copyText(code)) ? "Copied." : "The browser does not let this page copy; select the text.");
	};
	useEffect(() => {
		dialog.current?.showModal();
		void copy();
	}, []);
	return (
		<dialog class="code-dialog" ref={dialog} aria-label="As TypeScript" onClose={onClose}>
			<h2>As TypeScript</h2>
			<p class="quiet">
				Runs in Node: <code>npm install headscope</code>, then save this as a .mts file.
			</p>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
			<pre tabIndex={0}>
				<code>{code}</code>
			</pre>
			<div class="row">
				<span role="status">{said}</span>
				<button type="button" onClick={() => void copy()}>
					Copy
				</button>
				<button type="button" onClick={() => dialog.current?.close()}>
					Close
				</button>
			</div>
		</dialog>
	);
}
