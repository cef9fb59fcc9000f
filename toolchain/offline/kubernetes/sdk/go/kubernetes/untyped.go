// Package kubernetes stands in for github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes, with
// the packages below it: what the plugin uses of that SDK. The SDK has 500,000 generated lines, a
// third of the time that the plugin takes to compile. Resources need nothing of it; of the
// components, kubernetes:helm.sh/v4:Chart takes neither repositoryOpts nor a postRenderer here.
package kubernetes

import "reflect"

// UntypedArgs are the inputs of any resource.
type UntypedArgs map[string]interface{}

// ElementType makes them inputs.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeOf((*map[string]interface{})(nil)).Elem()
}
