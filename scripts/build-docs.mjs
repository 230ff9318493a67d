// Builds the site into dist-docs/: the pages of docs/ with the figures that their own blocks draw, and the public names with
// their comments. A link that leads nowhere fails the build.
//
//   npm run build && npm run docs
//
//   --no-figures   take the figures that an earlier build left beside the pages

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Comment, Converter, ReflectionKind } from "typedoc";
import { brokenLinks } from "./check-site.mjs";
import { picturesOf } from "./doc-blocks.mjs";
import { runDoc } from "./run-doc.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "dist-docs");
const pages = readdirSync(join(root, "docs"), { recursive: true })
	.filter((name) => name.endsWith(".md"))
	.map((name) => join(root, "docs", name))
	.sort();

if (!process.argv.includes("--no-figures")) {
	const drawn = pages.filter((page) =>
		picturesOf(readFileSync(page, "utf8")).some((path) => !/(^|\/)images\//.test(path)),
	);
	for (const page of drawn) {
		await runDoc(page, { figures: true });
		console.log(`figures of ${relative(root, page)}`);
	}
}

const { exports, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = Object.entries(exports).flatMap(([name, target]) =>
	target["hs-source"] ? [{ name: name.replace(".", "headscope"), source: target["hs-source"].slice(2) }] : [],
);
const app = await Application.bootstrap({
	name: "headscope",
	includeVersion: true,
	readme: join(root, "docs/index.md"),
	entryPoints: entries.map(({ source }) => join(root, source)),
	projectDocuments: pages.filter((page) => !page.endsWith("docs/index.md")),
	tsconfig: join(root, "tsconfig.json"),
	basePath: root,
	excludePrivate: true,
	excludeInternal: true,
	// types are checked by `npm run typecheck`
	skipErrorChecking: true,
	disableSources: true,
	hideGenerator: true,
	sort: ["source-order"],
	highlightLanguages: ["bash", "html", "javascript", "json", "python", "typescript", "yaml"],
	validation: {
		notExported: false,
		invalidLink: true,
		invalidPath: true,
		rewrittenLink: true,
		notDocumented: false,
	},
});
// pages are named by their headings, those of a registry with what it lists, entries as they are imported
const heading = (text) => /^# (.+)$/m.exec(text)?.[1];
const listed = new Map(
	pages.flatMap((page) => {
		const kind = { scores: "Score", interventions: "Intervention" }[basename(dirname(page))];
		return kind ? [[heading(readFileSync(page, "utf8")), kind]] : [];
	}),
);
app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
	const title = heading(Comment.combineDisplayParts(document.content)) ?? document.name;
	document.name = listed.has(title) ? `${listed.get(title)}: ${title}` : title.replaceAll("`", "");
});
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
	if (!reflection.kindOf(ReflectionKind.Module)) return;
	const entry = entries.find(({ source }) => source.replace(/(\/index)?\.ts$/, "") === reflection.name);
	if (entry) reflection.name = entry.name;
});
const project = await app.convert();
if (!project) process.exit(1);
const { validationWarningCount: before } = app.logger;
app.validate(project);
const unresolved = app.logger.validationWarningCount - before;
rmSync(out, { recursive: true, force: true });
await app.generateDocs(project, out);
const { broken, followed, pages: built } = brokenLinks(out);
for (const line of broken) console.error(line);
console.log(
	`dist-docs: headscope ${version}, ${built} pages, ${followed} links followed, ${broken.length + unresolved} broken`,
);
process.exitCode = broken.length > 0 || app.logger.hasErrors() || unresolved > 0 ? 1 : 0;
