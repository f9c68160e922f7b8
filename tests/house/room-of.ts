import { dirname, join, matchesGlob } from "node:path/posix";
import { type Room, ROOMS } from "../../rooms.ts";

/** Where an import leads: to a file of the tree, to a package, or to a module of Node. */
export type Target =
  | { readonly kind: "file"; readonly path: string; readonly isRelative: boolean }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "node" };

/** The rooms of paths that were looked up, because matching globs is slow. */
const known = new Map<string, string | undefined>();

/** Returns the name of the room that a file belongs to: the last in the table that names it. */
export function roomOf(path: string): string | undefined {
  if (!known.has(path)) known.set(path, findRoom(path));
  return known.get(path);
}

function findRoom(path: string): string | undefined {
  return Object.entries(ROOMS).findLast(([, { files }]) =>
    files.some((entry) => path.startsWith(`${entry}/`) || matchesGlob(path, entry)),
  )?.[0];
}

/** Returns where an import of a file leads. Paths are from the top of the tree. */
export function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith("."))
    return { kind: "file", path: join(dirname(file), specifier), isRelative: true };
  if (specifier.startsWith("#"))
    return { kind: "file", path: `${specifier.slice(1)}.ts`, isRelative: false };
  if (specifier.startsWith("node:")) return { kind: "node" };
  const [scope = "", name] = specifier.split("/");
  return { kind: "package", name: scope.startsWith("@") ? `${scope}/${name}` : scope };
}

/**
 * Returns why the table of rooms does not allow a file an import, as a sentence; undefined when it does.
 * A specifier that is computed is undefined.
 */
export function refusalOf(file: string, specifier: string | undefined): string | undefined {
  const name = roomOf(file);
  const room = ROOMS[name ?? ""];
  if (name === undefined || !room) return `${file} is in no room of rooms.ts.`;
  if (room.everything) return undefined;
  if (specifier === undefined)
    return room.node ? undefined : `${name} may import only what its source names.`;
  return refused(name, room, targetOf(file, specifier))
    ? `${name} may not import ${specifier}: see its row in rooms.ts.`
    : undefined;
}

function refused(name: string, room: Room, target: Target): boolean {
  if (target.kind === "node") return !room.node;
  if (target.kind === "package")
    return !(target.name === "next" ? room.next : room.packages?.includes(target.name));
  const other = roomOf(target.path);
  if (target.isRelative) return other !== undefined && other !== name;
  return other === undefined || !room.imports.includes(other);
}
