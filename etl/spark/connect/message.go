package connect

import (
	"encoding/json"
	"fmt"

	_ "github.com/apache/spark-connect-go/spark/client/base" // registers the messages of Spark Connect
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// fields are those of a message by their names; bytes are []byte.
type fields map[string]any

// message makes a message of the protocol. Its Go type can't be named outside
// spark-connect-go, whose own client keeps a result whole in memory; so it is
// filled as JSON.
func message(name string, f fields) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("spark.connect." + name))
	if err != nil {
		return nil, fmt.Errorf("find message %s: %w", name, err)
	}
	m := kind.New().Interface()
	if len(f) == 0 {
		return m, nil
	}
	text, err := json.Marshal(f)
	if err == nil {
		err = protojson.Unmarshal(text, m)
	}
	if err != nil {
		return nil, fmt.Errorf("make message %s: %w", name, err)
	}
	return m, nil
}

// A reply is a message that came from the server.
type reply struct{ protoreflect.Message }

// in gives the message of a field; ok is false when it isn't set.
func (r reply) in(name protoreflect.Name) (inner reply, ok bool) {
	field := r.Descriptor().Fields().ByName(name)
	if field == nil || !r.Has(field) {
		return reply{}, false
	}
	return reply{r.Get(field).Message()}, true
}

// text is the value of a field of text, or "".
func (r reply) text(name protoreflect.Name) string {
	if field := r.Descriptor().Fields().ByName(name); field != nil {
		return r.Get(field).String()
	}
	return ""
}

// data is the value of a field of bytes.
func (r reply) data(name protoreflect.Name) []byte {
	if field := r.Descriptor().Fields().ByName(name); field != nil {
		return r.Get(field).Bytes()
	}
	return nil
}

// each gives the messages of a repeated field.
func (r reply) each(name protoreflect.Name) (list []reply) {
	field := r.Descriptor().Fields().ByName(name)
	if field == nil {
		return nil
	}
	values := r.Get(field).List()
	for i := range values.Len() {
		list = append(list, reply{values.Get(i).Message()})
	}
	return list
}

// number is the value of a field of whole numbers.
func (r reply) number(name protoreflect.Name) int64 {
	if field := r.Descriptor().Fields().ByName(name); field != nil {
		return r.Get(field).Int()
	}
	return 0
}

// optional is the value of a field of whole numbers that may be left out.
func (r reply) optional(name protoreflect.Name) (value int64, given bool) {
	field := r.Descriptor().Fields().ByName(name)
	if field == nil || !r.Has(field) {
		return 0, false
	}
	return r.Get(field).Int(), true
}
