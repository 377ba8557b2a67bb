/**
 * A lint rule: what is looked up by a name from outside is a Map, or a list that is searched.
 *
 * A plain object answers `constructor`, `toString` and whatever else every object inherits, so `prices[size]` can give
 * a function where a price or nothing was meant. The rule finds `object[name]` and `name in object` wherever the type of
 * the name is any text, and no closed list of names, and asks for a Map.
 */
import ts from 'typescript';

const ANY_TEXT = ts.TypeFlags.String | ts.TypeFlags.Any;
const isAnyText = (type) => (type.isUnion() ? type.types.some(isAnyText) : (type.flags & ANY_TEXT) !== 0);

export const lookupsByName = {
  meta: {
    type: 'problem',
    messages: {
      lookup: 'Looked up by any name, this object also answers to what it inherits, such as `constructor`: use a Map.',
    },
    schema: [],
  },
  create(context) {
    const { program, getTypeAtLocation } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();

    function check(node, object, name) {
      if (!isAnyText(getTypeAtLocation(name))) return;
      const type = checker.getNonNullableType(getTypeAtLocation(object));
      if (!checker.isArrayType(type) && !checker.isTupleType(type)) context.report({ node, messageId: 'lookup' });
    }

    return {
      'MemberExpression[computed=true]': (node) => check(node, node.object, node.property),
      "BinaryExpression[operator='in']": (node) => check(node, node.right, node.left),
    };
  },
};
