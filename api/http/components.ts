/** Zod's schemas as OpenAPI has them: a schema with an id is written once, among the document's components, and is referred to. */
import { z } from 'zod';

export type Json = Record<string, unknown>;
/** The shape of what comes in (defaults may be left out), or of what goes out. */
export type Direction = 'input' | 'output';

export type Components = {
  toSchema(schema: z.ZodType, direction: Direction): Json;
  /** Of an object: each property's schema, and which must be there. */
  propertiesOf(schema: z.ZodType, direction: Direction): { name: string; required: boolean; schema: Json }[];
  /** All that was referred to until now. */
  all(): Json;
};

/** Throws, at the start of the process, when two different shapes have one id. */
export function createComponents(): Components {
  const known = new Map<string, Json>();

  function toSchema(schema: z.ZodType, direction: Direction): Json {
    // Inside an object the schema itself is referred to as well, if it has an id.
    const { properties, $defs = {} } = convert(z.strictObject({ it: schema }), direction);
    for (const [id, shape] of Object.entries($defs)) add(id, shape);
    return (properties as { it: Json }).it;
  }

  function add(id: string, shape: Json): void {
    const existing = known.get(id);
    if (existing && JSON.stringify(existing) !== JSON.stringify(shape))
      throw new Error(`Two schemas have the id ${id}; in what comes in and what goes out it must be the same, too.`);
    known.set(id, shape);
  }

  return {
    toSchema,
    propertiesOf(schema, direction) {
      const { properties = {}, required = [] } = toSchema(schema, direction) as {
        properties?: Record<string, Json>;
        required?: string[];
      };
      return Object.entries(properties).map(([name, property]) => ({
        name,
        required: required.includes(name),
        schema: property,
      }));
    },
    all: () => Object.fromEntries([...known].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** References lead to the components. */
function convert(schema: z.ZodType, io: Direction): { properties: Json; $defs?: Record<string, Json> } {
  const json = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      delete jsonSchema.id;
    },
  });
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as never;
}
