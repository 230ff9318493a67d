import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { VIEWS } from "../../views/registry.js";
import { KEYS } from "./keys.js";
import { beginTour, showsKeys } from "./tour-state.js";

/** Every key, and the way to the tour. The browser keeps the focus inside, and gives it back. */
export function KeysDialog(): JSX.Element {
	const studio = useStudio();
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => dialog.current?.showModal(), []);
	const close = (): void => dialog.current?.close();
	return (
		<dialog
			class="keys"
			ref={dialog}
			aria-labelledby="keys-title"
			onClose={() => {
				showsKeys.value = false;
			}}
		>
			<h2 id="keys-title">Help</h2>
			<p>
				<button
					type="button"
					class="main"
					onClick={() => {
						close();
						beginTour(studio);
					}}
				>
					Take the tour
				</button>{" "}
				<span class="quiet">five steps, a minute</span>
			</p>
			<h3>Views</h3>
			<KeyTable keys={VIEWS.map(({ key, title, doc }) => ({ keys: [key], does: `${title}: ${doc}` }))} />
			{KEYS.map(({ where, keys }) => (
				<div key={where}>
					<h3>{where}</h3>
					<KeyTable keys={keys} />
				</div>
			))}
			<button type="button" onClick={close}>
				Close
			</button>
		</dialog>
	);
}

function KeyTable({
	keys,
}: {
	keys: readonly { readonly keys: readonly string[]; readonly does: string }[];
}): JSX.Element {
	return (
		<table>
			<tbody>
				{keys.map(({ keys: names, does }) => (
					<tr key={names.join()}>
						<th scope="row">
							{names.map((name, i) => (
								<span key={name}>
									{i > 0 && " "}
									<kbd>{name}</kbd>
								</span>
							))}
						</th>
						<td>{does}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
