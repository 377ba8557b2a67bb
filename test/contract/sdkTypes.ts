/** Checks a JSON value against a type of Stripe's SDK, as its declarations say it: every promised field, every enum. */
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../support/paths';

/** Finds whatever does not fit, as `path: what`; empty when all fits. */
export type Check = (value: unknown) => string[];

const file = join(root, 'test', 'contract', 'sdkTypes.virtual.ts');
/** Deeper than any answer; expandable fields lead from type to type for ever. */
const DEPTH_MAX = 12;

/** @param names types of the SDK, such as `Checkout.Session` */
export function loadSdkTypes<Name extends string>(names: readonly Name[]): Record<Name, Check> {
  const source = [
    `import type Stripe from 'stripe';`,
    ...names.map((name, index) => `export type T${index} = Stripe.${name};`),
  ].join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true)
      : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const aliases = program.getSourceFile(file)!.statements.filter(ts.isTypeAliasDeclaration);
  const checkOf = (alias: ts.TypeAliasDeclaration): Check => {
    const type = checker.getTypeAtLocation(alias.name);
    if (type.flags & ts.TypeFlags.Any) throw new Error(`The SDK has no type ${alias.type.getText()}.`);
    return (value) => new Walk(checker, alias).check(type, value, '', 0);
  };
  return Object.fromEntries(names.map((name, index) => [name, checkOf(aliases[index]!)])) as Record<Name, Check>;
}

class Walk {
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly at: ts.Node,
  ) {}

  check(type: ts.Type, value: unknown, path: string, depth: number): string[] {
    if (depth > DEPTH_MAX || type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return this.checkUnion(type, value, path, depth);
    if (type.isStringLiteral() || type.isNumberLiteral())
      return value === type.value ? [] : this.misfit(type, value, path);
    if (type.flags & ts.TypeFlags.BooleanLiteral)
      return String(value) === this.checker.typeToString(type) ? [] : this.misfit(type, value, path);
    if (type.flags & ts.TypeFlags.Null) return value === null ? [] : this.misfit(type, value, path);
    if (type.flags & ts.TypeFlags.Undefined) return value === undefined ? [] : this.misfit(type, value, path);
    if (type.flags & ts.TypeFlags.String || isOtherString(type))
      return typeof value === 'string' ? [] : this.misfit(type, value, path);
    if (type.flags & ts.TypeFlags.Number) return typeof value === 'number' ? [] : this.misfit(type, value, path);
    return this.checkObject(type, value, path, depth);
  }

  /** The SDK joins every enum with "any other string", for what Stripe adds later: here only what it lists counts. */
  private checkUnion(union: ts.UnionType, value: unknown, path: string, depth: number): string[] {
    const listed = union.types.some((type) => type.isStringLiteral());
    const members = this.named(
      union.types.filter((type) => !(listed && isOtherString(type))),
      value,
    );
    const tries = members.map((type) => this.check(type, value, path, depth));
    if (tries.some((problems) => problems.length === 0)) return [];
    // Of several objects the nearest one tells what is wrong.
    const objects =
      typeof value === 'object' && value !== null
        ? tries.filter((_, index) => members[index]!.flags & ts.TypeFlags.Object)
        : [];
    return objects.sort((a, b) => a.length - b.length)[0] ?? this.misfit(union, value, path);
  }

  /** Objects that say what they are (`type`, `object`) are checked against that one only. */
  private named(members: ts.Type[], value: unknown): ts.Type[] {
    if (typeof value !== 'object' || value === null) return members;
    const given = value as Record<string, unknown>;
    for (const tag of ['type', 'object'].filter((name) => typeof given[name] === 'string')) {
      const fitting = members.filter((type) => {
        const property = this.checker.getPropertyOfType(type, tag);
        const tagType = property && this.checker.getTypeOfSymbolAtLocation(property, this.at);
        return tagType?.isStringLiteral() === true && tagType.value === given[tag];
      });
      if (fitting.length > 0) return fitting;
    }
    return members;
  }

  private checkObject(type: ts.Type, value: unknown, path: string, depth: number): string[] {
    if (typeof value !== 'object' || value === null) return this.misfit(type, value, path);
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return Array.isArray(value)
        ? value.flatMap((one, index) => this.check(item!, one, `${path}[${index}]`, depth + 1))
        : this.misfit(type, value, path);
    }
    const given = value as Record<string, unknown>;
    const properties = this.checker.getPropertiesOfType(type);
    const index = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const problems = properties.flatMap((property) => this.checkProperty(property, given, path, depth));
    const known = new Set(properties.map(({ name }) => name));
    const others = Object.keys(given).filter((key) => !known.has(key));
    const extra = others.flatMap((key) =>
      index
        ? this.check(index, given[key], `${path}.${key}`, depth + 1)
        : [`${path}.${key}: not a field of ${this.checker.typeToString(type)}`],
    );
    return [...problems, ...extra];
  }

  private checkProperty(property: ts.Symbol, given: Record<string, unknown>, path: string, depth: number): string[] {
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const where = `${path}.${property.name}`;
    if (!(property.name in given)) return optional ? [] : [`${where}: missing`];
    return this.check(
      this.checker.getTypeOfSymbolAtLocation(property, this.at),
      given[property.name],
      where,
      depth + 1,
    );
  }

  private misfit(type: ts.Type, value: unknown, path: string): string[] {
    return [`${path}: ${JSON.stringify(value)?.slice(0, 80)} is not ${this.checker.typeToString(type).slice(0, 120)}`];
  }
}

const isOtherString = (type: ts.Type): boolean =>
  type.isIntersection() && type.types.some(({ flags }) => flags & ts.TypeFlags.String);
