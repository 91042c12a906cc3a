package strictyaml

import "github.com/goccy/go-yaml/ast"

// Has reports whether the document has some keys, each below the one before.
func (d *Document) Has(keys ...string) bool { return len(d.follow(keys)) == len(keys) }

// Place is the line and column, 1-based, of the last of some keys that the
// document has; 0 and 0 where it has none of them.
func (d *Document) Place(keys ...string) (line, column int) {
	path := d.follow(keys)
	if len(path) == 0 {
		return 0, 0
	}
	at := path[len(path)-1].Key.GetToken().Position
	return at.Line, at.Column
}

// pair is the pair at some keys, which the document has.
func (d *Document) pair(keys []string) *ast.MappingValueNode { return d.follow(keys)[len(keys)-1] }

// follow gives the pairs at some keys, as far as the document has them.
func (d *Document) follow(keys []string) (path []*ast.MappingValueNode) {
	node := d.root
	for _, key := range keys {
		found := false
		pairs, _ := mapping(node)
		for _, pair := range pairs {
			if keyName(pair) == key {
				path, node, found = append(path, pair), pair.Value, true
			}
		}
		if !found {
			break
		}
	}
	return path
}

// mapping gives the pairs of a node that is a mapping: of one pair, the library
// makes another kind of node.
func mapping(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		return mapping(n.Value)
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyName(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }
