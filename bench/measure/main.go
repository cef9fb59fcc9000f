// measure runs a command in a separate session. It writes as JSON the command's wall time, and the
// CPU time and resident memory of every process of that session: the command and all processes that
// it starts, including plugins. It samples every 20 ms. A page that two processes share counts
// twice as resident memory. Linux only, because it reads /proc.
//
//	measure OUT.json COMMAND [ARG...]
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is the measurement of one process.
type process struct {
	Name    string  `json:"name"`
	PeakKiB int     `json:"peak_rss_kib"`
	CPU     float64 `json:"cpu_s"`
	command string
}

const ticksPerSecond = 100 // USER_HZ, on every Linux

var pageKiB = os.Getpagesize() / 1024

func main() {
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	// A separate session identifies its processes. It ends together with this process.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		fmt.Fprintln(os.Stderr, "measure needs Linux's /proc:", err)
		os.Exit(127)
	}
	start := time.Now()
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()

	seen := session{
		id:        command.Process.Pid,
		foreign:   map[string]bool{},
		processes: map[string]*process{},
	}
	tick := time.NewTicker(20 * time.Millisecond)
	var err error
	for running := true; running; {
		select {
		case err = <-done:
			running = false
		case <-tick.C:
			seen.look()
		case received := <-signals:
			_ = syscall.Kill(-command.Process.Pid, received.(syscall.Signal))
		}
	}
	wall := time.Since(start)

	cpu, processes := 0.0, []*process{}
	for _, p := range seen.processes {
		cpu += p.CPU
		processes = append(processes, p)
	}
	// The samples miss the end of each process. The system's count misses the processes that nobody
	// has waited for.
	cpu = max(cpu, (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds())
	out, _ := json.Marshal(map[string]any{
		"wall_s": wall.Seconds(), "cpu_s": cpu, "peak_rss_sum_kib": seen.peakKiB, "processes": processes,
	})
	if writeErr := os.WriteFile(os.Args[1], append(out, '\n'), 0o644); writeErr != nil {
		fmt.Fprintln(os.Stderr, writeErr)
		os.Exit(127)
	}
	if err != nil {
		os.Exit(max(command.ProcessState.ExitCode(), 1))
	}
}

type session struct {
	id        int
	foreign   map[string]bool // processes of other sessions, read only once
	processes map[string]*process
	peakKiB   int
}

func (s *session) look() {
	directory, err := os.Open("/proc")
	if err != nil {
		return
	}
	names, _ := directory.Readdirnames(-1)
	directory.Close()
	sum := 0
	for _, pid := range names {
		if pid[0] < '0' || pid[0] > '9' || s.foreign[pid] {
			continue
		}
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue
		}
		// proc(5): PID (COMMAND) STATE PPID PGRP SESSION …; the command may contain any character.
		end := strings.LastIndexByte(string(stat), ')')
		fields := strings.Fields(string(stat[end+2:]))
		number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
		if number(3) != s.id {
			s.foreign[pid] = true
			continue
		}
		p := s.processes[pid]
		if p == nil {
			p = &process{}
			s.processes[pid] = p
		}
		// The name changes when the process executes another program.
		if name := string(stat[:end]); name != p.command {
			p.command, p.Name = name, nameOf(pid)
		}
		rss := number(21) * pageKiB
		p.CPU = float64(number(11)+number(12)) / ticksPerSecond
		p.PeakKiB = max(p.PeakKiB, rss)
		sum += rss
	}
	s.peakKiB = max(s.peakKiB, sum)
}

// nameOf returns the name of the file that a process runs; for a Pulumi plugin in Node.js, the name
// of its script.
func nameOf(pid string) string {
	line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
	arguments := strings.Split(string(line), "\x00")
	for _, argument := range arguments {
		if name := filepath.Base(argument); strings.HasPrefix(name, "pulumi-resource-") {
			return name
		}
	}
	return filepath.Base(arguments[0])
}
