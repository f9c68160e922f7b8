import { table } from "./page.ts";
import type { Declared, Property } from "./types.ts";

/** Returns a table of the fields of a type, and one of the values of each field whose type is a union. */
export function fieldsOf(
  name: string,
  types: ReadonlyMap<string, Declared>,
  { properties }: Pick<Declared, "properties">,
): readonly string[] {
  const unions = properties.flatMap((property) => {
    const { doc, members = [] } = types.get(property.type) ?? {};
    const isTold = members.length > 0 && members.every((member) => member.doc.text !== "");
    return isTold && doc ? [{ property, members }] : [];
  });
  return [
    table(
      ["field", "type", "about"],
      properties.map((property) => [
        `\`${property.name}${property.isOptional ? "?" : ""}\``,
        `\`${property.type.replaceAll("`", "'")}\``,
        aboutOf(name, property, types),
      ]),
    ),
    ...unions.flatMap(({ property, members }) => [
      `The values of \`${property.name}\`:`,
      table(
        [`\`${property.name}\``, "when"],
        members.map(({ type, doc }) => [`\`${type}\``, doc.text]),
      ),
    ]),
  ];
}

function aboutOf(name: string, property: Property, types: ReadonlyMap<string, Declared>): string {
  const text = property.doc.text || types.get(property.type)?.doc.text;
  if (property.name === "kind") return "the name of the event";
  if (!text) throw new Error(`${name}.${property.name} has no docstring.`);
  return text;
}
