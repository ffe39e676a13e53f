#!/usr/bin/env python3
"""A memcached that lies: it stands in front of a real one and does not pass its answers on as they are.

    lying_memcached.py SOCKET MEMCACHED LIE

listens on the unix socket SOCKET and asks the memcached at the unix socket MEMCACHED. What it does with commands
and answers is the word in the file LIE at that moment; without the file it is honest.

    swap       a record that was asked for comes with another session's value
    rename     another session's record comes, under its own key
    delay      the answer comes too late
    truncate   half of the answer comes, then the connection ends
    stall      half of the answer comes, then nothing
    repeat     the answer comes twice
    previous   the answer to the question before comes
    any        one of these, each time another one
    hold WORD  commands of this name are not passed on before that ends; "holding WORD" is printed
    lose WORD  the next command of this name is passed on, but its answer is lost: the connection ends
    eternal    records are stored without their expiry

The question "version" is always answered honestly: so a client that asks it comes back to be lied to.
"""

import os
import random
import socket
import socketserver
import sys
import threading
import time

LIES_ABOUT_ANSWERS = ["swap", "rename", "delay", "truncate", "stall", "repeat", "previous"]
DELAY = 0.4  # seconds: more than the clients' time limit


class Liar(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path, memcached, lie_file):
        super().__init__(path, Conversation)
        self.memcached = memcached
        self.lie_file = lie_file
        self.records = {}  # every value that was stored, by its key: what swap and rename take from
        self.chance = random.Random(1)
        self.lock = threading.Lock()

    def lie(self):
        try:
            with open(self.lie_file, encoding="ascii") as file:
                lie = file.read().strip()
        except FileNotFoundError:
            return "none"
        with self.lock:
            return self.chance.choice(LIES_ABOUT_ANSWERS) if lie == "any" else lie

    def remember(self, key, value):
        with self.lock:
            self.records[key] = value

    def record_of_another(self, key):
        with self.lock:
            others = sorted(self.records.keys() - {key})
            other = self.chance.choice(others) if others else key
            return other, self.records.get(other, b"\r\n")


class Conversation(socketserver.StreamRequestHandler):
    """One connection from the client, with one of its own to memcached."""

    def handle(self):
        self.upstream = socket.socket(socket.AF_UNIX)
        self.upstream.connect(self.server.memcached)
        self.memcached = self.upstream.makefile("rb")
        self.previous = b""
        try:
            while self.converse():
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self.upstream.close()

    def converse(self):
        """One command and its answer. False at the end of the conversation."""
        line = self.rfile.readline()
        if not line.endswith(b"\r\n") or line == b"quit\r\n":
            return False
        words = line.split()
        lie = self.server.lie()
        value = b""
        if words[0] in (b"add", b"cas", b"set"):
            value = self.rfile.read(int(words[4]) + 2)
            self.server.remember(words[1], value)
            if lie == "eternal":
                words[3] = b"0"
        self.wait_while_held(words[0].decode())
        self.upstream.sendall(b" ".join(words) + b"\r\n" + value)
        answer = self.read_answer(words[0], lie)
        if lie == "lose " + words[0].decode():
            os.remove(self.server.lie_file)
            return False
        honest = words[0] == b"version"
        return self.tell(answer, "none" if honest else lie)

    def wait_while_held(self, command):
        if self.server.lie() == "hold " + command:
            print("holding", command, flush=True)
            while self.server.lie() == "hold " + command:
                time.sleep(0.01)

    def read_answer(self, command, lie):
        """What memcached says, with its records already forged if the lie is about them."""
        answer = b""
        while command in (b"get", b"gets"):
            line = self.memcached.readline()
            words = line.split()
            if not words or words[0] != b"VALUE":
                return answer + line
            value = self.memcached.read(int(words[3]) + 2)
            other, other_value = self.server.record_of_another(words[1])
            if lie in ("swap", "rename"):
                value = other_value
                words[3] = b"%d" % (len(value) - 2)
            if lie == "rename":
                words[1] = other
            answer += b" ".join(words) + b"\r\n" + value
        return self.memcached.readline()

    def tell(self, answer, lie):
        if lie == "delay":
            time.sleep(DELAY)
        told = answer
        if lie == "repeat":
            told = answer + answer
        elif lie == "previous" and self.previous:
            told = self.previous
        elif lie in ("truncate", "stall"):
            told = answer[: len(answer) // 2]
        self.previous = answer
        self.wfile.write(told)
        if lie == "stall":
            self.rfile.read()
        return lie not in ("truncate", "stall")


if __name__ == "__main__":
    Liar(*sys.argv[1:]).serve_forever()
