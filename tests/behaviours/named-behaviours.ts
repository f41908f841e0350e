import ts from 'typescript';

/** The pattern of an id: a letter and a number for a fault, R and a number for a requirement. */
const id = /(?<![\w-])(?:[A-G][1-9]\d?|R-\d{2})(?![\w-])/g;

/** The ids in the names of the tests and groups of a source, without `skip` and `todo`. */
export function namedBehaviours(source: string): Set<string> {
  const names = new Set<string>();

  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.arguments[0] !== undefined && makesTests(node.expression)) {
      for (const [found] of text(node.arguments[0]).matchAll(id)) names.add(found);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest));
  return names;
}

/** The ids in the member `name` of any object of a scenario file. */
export function behavioursOfScenarios(json: string): Set<string> {
  const names = new Set<string>();
  JSON.parse(json, (key, value: unknown) => {
    if (key !== 'name' || typeof value !== 'string') return;
    for (const [found] of value.matchAll(id)) names.add(found);
  });
  return names;
}

// test, describe.only, test.each(table), test.each`table`, but not test.skip.
function makesTests(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['test', 'posixTest', 'it', 'describe'].includes(callee.text);
  if (ts.isPropertyAccessExpression(callee)) {
    return !['skip', 'todo'].includes(callee.name.text) && makesTests(callee.expression);
  }
  if (ts.isCallExpression(callee)) return isTable(callee.expression) && makesTests(callee.expression);
  return ts.isTaggedTemplateExpression(callee) && isTable(callee.tag) && makesTests(callee.tag);
}

function isTable(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'each';
}

// The value of a template expression is unknown: replaces it by a character that separates ids.
function text(name: ts.Expression): string {
  if (ts.isStringLiteralLike(name)) return name.text;
  if (!ts.isTemplateExpression(name)) return '';
  return [name.head, ...name.templateSpans.map((span) => span.literal)].map((part) => part.text).join('_');
}
