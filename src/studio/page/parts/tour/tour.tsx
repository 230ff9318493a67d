import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { endTour, takesFocus, tourStep } from "./tour-state.js";
import { TOUR, type TourStep } from "./tour-steps.js";

/** Pixels between what is pointed at and the card. */
const GAP = 12;
/** The page may move under the card as results come: it is placed again so often, in milliseconds. */
const PLACE_EVERY = 250;

interface Box {
	readonly left: number;
	readonly top: number;
	readonly width: number;
	readonly height: number;
}

/** One step: a ring around something of the page, and a card beside it. The page stays usable meanwhile. */
export function Tour({ step }: { step: number }): JSX.Element | null {
	const { scene } = useStudio();
	const card = useRef<HTMLDivElement>(null);
	const heading = useRef<HTMLHeadingElement>(null);
	const [ring, setRing] = useState<Box | undefined>();
	const stop = TOUR[step];
	useEffect(() => {
		const onKey = (event: KeyboardEvent): void => {
			// a dialog on top has its own Escape
			if (event.key === "Escape" && !document.querySelector("dialog[open]")) leave();
		};
		document.addEventListener("keydown", onKey);
		return () => document.removeEventListener("keydown", onKey);
	}, []);
	useLayoutEffect(() => {
		const target = stop && targetOf(stop);
		if (takesFocus.peek()) {
			target?.scrollIntoView({ block: "center" });
			heading.current?.focus({ preventScroll: true });
		}
		const place = (): void => {
			const found = stop && targetOf(stop);
			const box = found?.getBoundingClientRect();
			setRing(box && { left: box.left, top: box.top, width: box.width, height: box.height });
			if (card.current) placeCard(card.current, box);
		};
		place();
		const timer = setInterval(place, PLACE_EVERY);
		addEventListener("resize", place);
		addEventListener("scroll", place, true);
		return () => {
			clearInterval(timer);
			removeEventListener("resize", place);
			removeEventListener("scroll", place, true);
		};
	}, [stop]);
	if (!stop) return null;
	const go = (to: number): void => {
		takesFocus.value = true;
		if (to < TOUR.length) tourStep.value = to;
		else leave();
	};
	return (
		<>
			{ring && <div class="tour-ring" style={inPixels(ring)} aria-hidden="true" />}
			<div
				class="tour-card"
				role="dialog"
				aria-labelledby="tour-title"
				aria-describedby="tour-text"
				ref={card}
			>
				<p class="quiet">
					Tour, {step + 1} of {TOUR.length}
				</p>
				<h2 id="tour-title" tabIndex={-1} ref={heading}>
					{stop.title}
				</h2>
				<p id="tour-text">{stop.text}</p>
				<p class="tour-done" role="status">
					{stop.done?.(scene.value) ? "Done." : ""}
				</p>
				<div class="tour-buttons">
					<button type="button" onClick={leave}>
						Skip the tour
					</button>
					<button type="button" onClick={() => focusOn(stop)}>
						Go there
					</button>
					{step > 0 && (
						<button type="button" onClick={() => go(step - 1)}>
							Back
						</button>
					)}
					<button type="button" class="main" onClick={() => go(step + 1)}>
						{step + 1 < TOUR.length ? "Next" : "End"}
					</button>
				</div>
			</div>
		</>
	);
}

function inPixels({ left, top, width, height }: Box): Record<string, string> {
	return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

/** Ends the tour; a focus that would be lost with the card goes to the button that opens it again. */
function leave(): void {
	const inside = document.activeElement?.closest(".tour-card");
	endTour();
	if (inside) document.querySelector<HTMLElement>("button.help")?.focus();
}

/** What a step points at: the first of its places that is there and has an extent. */
export function targetOf({ at }: TourStep): HTMLElement | undefined {
	for (const place of at) {
		const found = document.querySelector<HTMLElement>(place);
		if (found && found.getClientRects().length > 0) return found;
	}
	return undefined;
}

function focusOn(step: TourStep): void {
	const target = targetOf(step);
	const focusable = "button, input, textarea, select, a[href], [tabindex='0']";
	const at = target?.matches(focusable) ? target : target?.querySelector<HTMLElement>(focusable);
	at?.focus();
}

/** Under what is pointed at, or above it, or beside it, as there is room; else in the lower right corner. */
function placeCard(card: HTMLElement, box: DOMRect | undefined): void {
	const { width, height } = card.getBoundingClientRect();
	const { innerWidth: wide, innerHeight: high } = window;
	const corner = { left: wide - width - GAP, top: high - height - GAP };
	const along = box ? Math.max(GAP, Math.min(box.left, corner.left)) : corner.left;
	const across = box ? Math.max(GAP, Math.min(box.top, corner.top)) : corner.top;
	let at = corner;
	if (box) {
		if (box.bottom + GAP + height <= high) at = { left: along, top: box.bottom + GAP };
		else if (box.top - GAP - height >= 0) at = { left: along, top: box.top - GAP - height };
		else if (box.left - GAP - width >= 0) at = { left: box.left - GAP - width, top: across };
		else if (box.right + GAP + width <= wide) at = { left: box.right + GAP, top: across };
	}
	card.style.left = `${Math.max(0, at.left)}px`;
	card.style.top = `${Math.max(0, at.top)}px`;
}
