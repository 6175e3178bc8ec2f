"""The decoder: a process that decodes untrusted pictures in children with limits, for the processes of one machine.

A hostile picture can take minutes and gigabytes, or crash a library. Here it costs one child, which is killed. The
package knows no Django, which keeps the process small; `vanceweb.lib.decoding` is its client.
"""
