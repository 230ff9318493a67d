import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import "./share.css";

/** One thing that a menu does. */
export interface MenuItem {
	readonly label: string;
	/** @returns what to say when it is done; nothing where it shows for itself */
	// biome-ignore lint/suspicious/noConfusingVoidType: most of them say nothing
	run(): string | void | Promise<string | void>;
}

export interface MenuProps {
	/** On the button, such as "Export". */
	readonly label: string;
	/** What the button's menu is about, for those who hear it: "Export head-1.3". */
	readonly about: string;
	readonly items: readonly MenuItem[];
}

/**
 * A button with a menu: arrow keys, Home and End move in it, Escape closes it, Tab leaves it. What an item says, or
 * what went wrong with it, stands under the button until something else is done.
 */
export function Menu({ label, about, items }: MenuProps): JSX.Element {
	const [open, setOpen] = useState(false);
	const [note, setNote] = useState<{ readonly text: string; readonly wrong?: boolean } | undefined>();
	const root = useRef<HTMLDivElement>(null);
	const button = useRef<HTMLButtonElement>(null);
	const list = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (!open || !list.current) return;
		// a menu at the page's right edge opens to the left
		list.current.dataset.toLeft = String(
			list.current.getBoundingClientRect().right > document.documentElement.clientWidth,
		);
		itemsOf(list.current)[0]?.focus();
	}, [open]);
	useEffect(() => {
		if (!open && !note) return;
		const away = (event: Event): void => {
			if (root.current?.contains(event.target as Node)) return;
			setOpen(false);
			setNote(undefined);
		};
		document.addEventListener("pointerdown", away);
		return () => document.removeEventListener("pointerdown", away);
	}, [open, note]);
	const close = (): void => {
		setOpen(false);
		button.current?.focus();
	};
	const choose = async (item: MenuItem): Promise<void> => {
		close();
		try {
			const said = await item.run();
			setNote(said ? { text: said } : undefined);
		} catch (error) {
			setNote({ text: error instanceof Error ? error.message : String(error), wrong: true });
		}
	};
	return (
		<div class="menu" ref={root}>
			<button
				type="button"
				ref={button}
				aria-haspopup="menu"
				aria-expanded={open}
				aria-label={about}
				onClick={() => {
					setNote(undefined);
					setOpen(!open);
				}}
				onKeyDown={(event) => {
					if (event.key !== "ArrowDown") return;
					event.preventDefault();
					setOpen(true);
				}}
			>
				{label} <span aria-hidden="true">▾</span>
			</button>
			{open && (
				<div
					class="menu-list"
					role="menu"
					aria-label={about}
					ref={list}
					tabIndex={-1}
					onKeyDown={(event) => {
						if (event.key === "Escape") close();
						else if (event.key === "Tab") setOpen(false);
						else if (!moveFocus(list.current, event.key)) return;
						if (event.key !== "Tab") event.preventDefault();
						event.stopPropagation();
					}}
				>
					{items.map((item) => (
						<button
							type="button"
							role="menuitem"
							key={item.label}
							tabIndex={-1}
							onClick={() => void choose(item)}
						>
							{item.label}
						</button>
					))}
				</div>
			)}
			<span class={note?.wrong ? "menu-note problem" : "menu-note"} role="status">
				{note?.text}
			</span>
		</div>
	);
}

function itemsOf(list: HTMLElement | null): HTMLButtonElement[] {
	return [...(list?.querySelectorAll<HTMLButtonElement>("[role=menuitem]") ?? [])];
}

/** @returns whether the key moves in a menu */
function moveFocus(list: HTMLElement | null, key: string): boolean {
	const all = itemsOf(list);
	const at = all.indexOf(document.activeElement as HTMLButtonElement);
	const targets: Readonly<Record<string, number>> = {
		ArrowDown: (at + 1) % all.length,
		ArrowUp: (at - 1 + all.length) % all.length,
		Home: 0,
		End: all.length - 1,
	};
	const target = targets[key];
	if (target === undefined) return false;
	all[target]?.focus();
	return true;
}
