/**
 * The page's script, as text: it reads the values in the page, draws the chosen head's pattern into the figure
 * that is already there, and tells the value under the pointer or the arrow keys. It writes tokens only as
 * text nodes. Changing it changes its hash: the test of the page prints the new one.
 */
export const PAGE_SCRIPT = `"use strict";
(async () => {
	const data = JSON.parse(document.getElementById("data").textContent);
	const packed = Uint8Array.from(atob(data.values), (c) => c.charCodeAt(0));
	const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
	const values = new Uint16Array(await new Response(unpacked).arrayBuffer());
	const rows = data.queries.length;
	const columns = data.keys.length;
	const viewer = document.getElementById("viewer");
	const readout = document.getElementById("readout");
	const hint = readout.textContent;
	const choice = document.getElementById("choice");
	const figure = viewer.querySelector("svg");
	const cells = viewer.querySelector(".cells");
	const left = Number(cells.getAttribute("x"));
	const top = Number(cells.getAttribute("y"));
	const width = Number(cells.getAttribute("width")) / columns;
	const height = Number(cells.getAttribute("height")) / rows;
	let head = choice.value;
	let row = -1;
	let column = -1;

	const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
	mark.setAttribute("class", "cell-mark");
	mark.setAttribute("width", Math.max(3, width));
	mark.setAttribute("height", Math.max(3, height));

	const value = (r, c) => values[(data.heads.indexOf(head) * rows + r) * columns + c] * data.step;

	const [low, high] = data.range;
	function position(v) {
		const at = data.log
			? (Math.log10(Math.max(v, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low) || 1)
			: (v - low) / (high - low || 1);
		return Math.min(255, Math.max(0, Math.round(at * 255)));
	}

	function draw() {
		const canvas = document.createElement("canvas");
		canvas.width = columns;
		canvas.height = rows;
		const context = canvas.getContext("2d");
		const pixels = context.createImageData(columns, rows);
		for (let r = 0; r < rows; r++) {
			for (let c = 0; c < columns; c++) {
				const colour = parseInt(data.palette.substr(position(value(r, c)) * 6, 6), 16);
				pixels.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], (r * columns + c) * 4);
			}
		}
		context.putImageData(pixels, 0, 0);
		cells.setAttribute("href", canvas.toDataURL());
	}

	function tell() {
		mark.remove();
		readout.replaceChildren();
		if (row < 0) {
			readout.textContent = hint;
			return;
		}
		const part = (name, text) => {
			const element = document.createElement(name);
			element.textContent = text;
			return element;
		};
		const key = column + data.firstKey;
		readout.append(
			part("i", "query " + row + " "), part("b", data.queries[row]),
			part("i", " \\u2192 key " + key + " "), part("b", data.keys[column]),
			part("i", "  attention "), value(row, column).toFixed(4),
		);
		mark.setAttribute("x", left + column * width + Math.min(0, (width - 3) / 2));
		mark.setAttribute("y", top + row * height + Math.min(0, (height - 3) / 2));
		figure.append(mark);
	}

	function show(name) {
		if (!data.heads.includes(name)) {
			readout.textContent = "The values of head " + name + " are not in this page; its picture is in the grid below.";
			return;
		}
		head = name;
		choice.value = name;
		draw();
		const title = "Head " + name;
		figure.querySelector(".title").textContent = title;
		figure.setAttribute("aria-label", title + ": " + rows + " queries by " + columns + " keys");
		for (const element of document.querySelectorAll("[data-head]")) {
			element.classList.toggle("selected", element.dataset.head === name);
		}
		tell();
	}

	function step(by) {
		const at = data.heads.indexOf(head) + by;
		show(data.heads[(at + data.heads.length) % data.heads.length]);
	}

	document.addEventListener("click", (event) => {
		const chosen = event.target.closest("[data-head]");
		if (!chosen) return;
		show(chosen.dataset.head);
		viewer.scrollIntoView({ block: "nearest" });
	});
	choice.addEventListener("change", () => show(choice.value));
	document.getElementById("previous").addEventListener("click", () => step(-1));
	document.getElementById("next").addEventListener("click", () => step(1));

	function point(event) {
		const box = cells.getBoundingClientRect();
		const inside = (at, count) => Math.min(count - 1, Math.max(0, Math.floor(at * count)));
		row = inside((event.clientY - box.top) / box.height, rows);
		column = inside((event.clientX - box.left) / box.width, columns);
		tell();
	}
	cells.addEventListener("pointermove", point);
	cells.addEventListener("pointerdown", point);

	const frame = viewer.querySelector(".scroll");
	frame.addEventListener("keydown", (event) => {
		const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
		if (!move) return;
		event.preventDefault();
		row = row < 0 ? 0 : Math.min(rows - 1, Math.max(0, row + move[0]));
		column = column < 0 ? 0 : Math.min(columns - 1, Math.max(0, column + move[1]));
		tell();
	});

	document.body.classList.add("scripted");
	show(head);
})();
`;

/** SHA-256 of the script in base64, for the page's content security policy. */
export const PAGE_SCRIPT_HASH = "/bA+IvFok2f8jwclGKjUICmNekCuz6wFajq8h/uRr2Y=";
