/** Draws a head's tile; false where there is nothing to draw yet. */
export type PaintTile = (canvas: HTMLCanvasElement, name: string) => void;

/** Keeps small heads drawn: those on the screen at once, others when they come into sight. */
export class TileDrawer {
	private readonly canvases = new Map<string, HTMLCanvasElement>();
	private readonly names = new WeakMap<Element, string>();
	private readonly hidden = new Set<string>();
	/** Heads whose drawing is older than the newest paint. */
	private readonly stale = new Set<string>();
	private paint: PaintTile = () => {};
	private readonly observer = new IntersectionObserver(
		(entries) => {
			for (const { target, isIntersecting } of entries) {
				const name = this.names.get(target);
				if (name === undefined) continue;
				if (isIntersecting) this.hidden.delete(name);
				else this.hidden.add(name);
				if (isIntersecting && this.stale.has(name)) this.draw(name);
			}
		},
		{ rootMargin: "200px" },
	);

	add(name: string, canvas: HTMLCanvasElement): void {
		this.canvases.set(name, canvas);
		this.names.set(canvas, name);
		this.observer.observe(canvas);
		this.draw(name);
	}

	remove(name: string, canvas: HTMLCanvasElement): void {
		this.observer.unobserve(canvas);
		if (this.canvases.get(name) !== canvas) return;
		this.canvases.delete(name);
		this.hidden.delete(name);
		this.stale.delete(name);
	}

	/** Draws everything anew. */
	redraw(paint: PaintTile): void {
		this.paint = paint;
		for (const name of this.canvases.keys()) {
			if (this.hidden.has(name)) this.stale.add(name);
			else this.draw(name);
		}
	}

	stop(): void {
		this.observer.disconnect();
	}

	private draw(name: string): void {
		const canvas = this.canvases.get(name);
		if (canvas) this.paint(canvas, name);
		this.stale.delete(name);
	}
}
