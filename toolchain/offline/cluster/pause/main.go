// pause does nothing until it is told to end. It is the process of a pod's sandbox, whose
// namespaces the pod's containers share: what registry.k8s.io/pause is, which may be out of reach.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first process of a PID namespace inherits the orphans. Ignored, they leave no zombies.
	signal.Ignore(syscall.SIGCHLD)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
