/** Every text in console/src/text is used by some page: one that nobody shows any more is removed. */
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

const CONSOLE = join(process.cwd(), 'console');
const TEXT = join(CONSOLE, 'src', 'text') + sep;

function openProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(CONSOLE, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, CONSOLE);
  return ts.createProgram(fileNames, options);
}

const isText = (node: ts.Node): boolean => node.getSourceFile().fileName.startsWith(TEXT);
const isWord = (node: ts.Node): node is ts.PropertyAssignment => ts.isPropertyAssignment(node) && isText(node);
/** The words directly in an object of words, also one that is said to be of another type. */
function inside({ initializer }: ts.PropertyAssignment): ts.PropertyAssignment[] {
  const value = ts.isAsExpression(initializer) ? initializer.expression : initializer;
  return ts.isObjectLiteralExpression(value) ? value.properties.filter((one) => ts.isPropertyAssignment(one)) : [];
}

/** Words are given names on the way to where one of them is taken: `const words = text.pay`, `const { line } = text.overview`. */
const isOnlyNamed = (node: ts.Node): boolean =>
  ts.isPropertyAccessExpression(node.parent) ||
  ts.isBindingElement(node) ||
  (ts.isVariableDeclaration(node.parent) && node.parent.initializer === node);

/** The words that a source names; of a group that is used as a whole, or by a code, all. */
function findUsed(checker: ts.TypeChecker, source: ts.SourceFile): Set<ts.PropertyAssignment> {
  const used = new Set<ts.PropertyAssignment>();
  const use = (word: ts.PropertyAssignment, withInside: boolean): void => {
    used.add(word);
    if (withInside) for (const one of inside(word)) use(one, true);
  };
  const visit = (node: ts.Node): void => {
    const name = ts.isPropertyAccessExpression(node) ? node.name : ts.isIdentifier(node) ? node : undefined;
    const isName = name === node && ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    if (name && !isName) for (const word of wordsOf(checker, name)) use(word, !isOnlyNamed(node));
    if (ts.isElementAccessExpression(node)) for (const word of wordsByCode(checker, node)) use(word, true);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used;
}

function wordsOf(checker: ts.TypeChecker, name: ts.Node): ts.PropertyAssignment[] {
  const symbol = checker.getSymbolAtLocation(name);
  const declarations = symbol?.declarations ?? [];
  return declarations.flatMap((declared) => {
    if (isWord(declared)) return [declared];
    // A name that was given to words: what it stands for.
    const given = ts.isBindingElement(declared)
      ? checker.getTypeAtLocation(declared.parent).getProperty((declared.propertyName ?? declared.name).getText())
      : ts.isVariableDeclaration(declared) &&
          declared.initializer &&
          ts.isPropertyAccessExpression(declared.initializer)
        ? checker.getSymbolAtLocation(declared.initializer.name)
        : undefined;
    return given?.declarations?.filter(isWord) ?? [];
  });
}

/** `words[act]`, where `act` is one of a few codes: the words of those. */
function wordsByCode(checker: ts.TypeChecker, { expression, argumentExpression }: ts.ElementAccessExpression) {
  const code = checker.getTypeAtLocation(argumentExpression);
  const codes = (code.isUnion() ? code.types : [code]).filter((one) => one.isStringLiteral());
  const words = checker.getTypeAtLocation(expression);
  return codes.flatMap(({ value }) => words.getProperty(value)?.declarations?.filter(isWord) ?? []);
}

test('every word of the console is shown somewhere', () => {
  const program = openProgram();
  const sources = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(CONSOLE, 'src')));
  const used = new Set(
    sources.filter((source) => !isText(source)).flatMap((source) => [...findUsed(program.getTypeChecker(), source)]),
  );
  const unused: string[] = [];
  const look = (node: ts.Node, path: string): void => {
    if (ts.isPropertyAssignment(node)) {
      const name = `${path}.${node.name.getText()}`;
      if (!used.has(node) && inside(node).length === 0) return void unused.push(name);
      return ts.forEachChild(node.initializer, (child) => look(child, name));
    }
    ts.forEachChild(node, (child) => look(child, path));
  };
  for (const source of sources.filter(isText)) look(source, relative(TEXT, source.fileName));
  expect(used.size).toBeGreaterThan(100);
  expect(unused).toEqual([]);
}, 180_000);
