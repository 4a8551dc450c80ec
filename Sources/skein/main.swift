import SkeinCommand

runSkein()
