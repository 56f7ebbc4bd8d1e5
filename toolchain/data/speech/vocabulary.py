"""What is said that is no keyword."""

from __future__ import annotations

_WORDS = """
about again air apple are ask away back bad ball bat bed best big bird black blue boat book box bread bring
call camera car cat chair check clock close cold come could day deck desk dog door dream drop each early eat egg
end even eye face far fast fill first fish five floor flower fly food four friend game get ghost girl give glass
goal goat gold good great green guess guest had hair half hand happy hat heart hello help her hope horse house
ice in it jacket job just keep key kitchen lamp last late learn leg less letter light line lock long look low
make man many map mess milk mind money moon more morning most mother mouth music name near nest never new next
night nine north nose note nothing now number ocean old one only orange other over own page paper park pen
people phone piece place plan play please pocket pop pot press quick rain rest river road rock room round salt
school see seven shape ship shoe shop show side six sky sleep slow small smoke snow sock soft some song sound
south spot spring star start state step stock stone store story street strong sugar summer sun table take talk
tall tap tea tell thank that there thing think three time today toe tomorrow tone top town train tree two
under use vest very visit voice wait walk wall warm wash water way week west what where white who why window
wind winter wood word work world year yellow yesterday yet you young zero
"""

#: Short words of English, many of them near to usual keywords in sound. None sounds like one of Speech Commands' ten.
WORDS = tuple(_WORDS.split())

#: What a voice says when it goes on talking.
SENTENCES = (
    "the weather will be cold and cloudy in the north tomorrow",
    "please leave your message after the tone and we will call you back",
    "she opened the window because the kitchen was full of smoke",
    "my brother has worked at the hospital for more than seven years",
    "we took the early train and were home before it got dark",
    "there is nothing better than a cup of tea on a rainy afternoon",
    "the number you have dialled is not available at the moment",
    "he had never seen such a large ship so near to the coast",
    "could you bring me the blue book that is lying on the table",
    "most of the people in the village grow their own vegetables",
    "the children played in the garden until their mother called them",
    "I would rather walk along the river than sit here all day",
)
