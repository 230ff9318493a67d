/** Plain English prose, written for this package, so that no model has seen it: what the text checks read. */
export const ENGLISH: string = `The ferry to the island leaves twice a day, once in the morning and once in the late afternoon, and
in winter it often does not leave at all. My grandmother lived there for most of her life. When I was a child we went to see her
every summer, my parents, my sister and I, and we always took the morning boat, because my father did not trust the weather after
noon. We sat on the upper deck with our backs against the warm wall of the engine room and ate bread and cheese from a paper bag.
My sister counted the gulls. I watched the town behind us become small and flat until it looked like something that had been drawn
on the edge of the water with a pencil.

The house stood at the end of a road that nobody had ever paved. It had two floors, a red door, and a garden that was larger than
the house. My grandmother grew potatoes, beans, onions and a great many flowers whose names she knew and I have forgotten. She got
up before the sun did. By the time we came down to the kitchen she had already been to the harbour and back, and there was fish on
the table, wrapped in newspaper, and a pot of coffee on the stove for the adults. She did not talk much in the morning. She said
that words were like bread: they were better when you waited for them.

There was one rule in that house, and it was about the clock. It hung in the hall between the kitchen and the stairs, a tall brown
clock with a white face, and only my grandmother was allowed to touch it. Every Sunday evening she opened the glass, took a small
key from the drawer below, and turned it exactly twelve times. Then she set the hands by the radio. If the clock was slow, she
frowned at it; if it was fast, she laughed. I asked her once why nobody else could do it. She told me that her husband had bought
it in the year they were married, that he had wound it every week until he died, and that a clock gets used to a hand.

When I was eleven, the clock stopped. It happened on a Wednesday, in the middle of the night. I remember it because I woke up and
did not know why. The house was too quiet. I lay in bed and listened, and after a while I understood that the thing I was
listening for was not there any more. In the morning my grandmother stood in the hall in her blue coat, with her hands in her
pockets, and looked at the white face. It was ten minutes past three. She did not seem to be sad. She seemed to be thinking about
something far away, the way people look at the sea.

"Well," she said at last, "now we shall have to ask Peter."

Peter was an old man who lived on the other side of the island, near the lighthouse. He had been a sailor, then a teacher, and
then for thirty years he had repaired everything that could be repaired: boats, radios, pumps, and the organ in the church. He
came in the afternoon with a leather bag, drank a cup of coffee, and took the clock from the wall as if it weighed nothing. He laid
it on the kitchen table, on a white cloth. Then he opened the back, and for the first time in my life I saw what was inside.

I do not know what I had expected. It was so simple. There were a spring, a few wheels of different sizes, and a piece of metal
that rocked from side to side and let the last wheel move by one tooth at a time. Peter let me look for as long as I wanted. He
explained that the spring wants to let go all at once, and that everything else in a clock is there to stop it from doing so. "Any
fool can make a thing run," he said. "What is hard is to make it wait." My grandmother, who was cutting beans by the window, nodded
without turning around.

One of the teeth was broken. It was a very small tooth, no larger than a grain of rice, and Peter said that he could make a new
wheel, but that it would take him a week, because he would have to do it by hand and his eyes were not what they had been. I asked
whether I could come and watch. He looked at my grandmother, she looked at my mother, and my mother said that it was a long way to
walk. So the next day my father borrowed a bicycle from the man who sold the fish, and every morning of that week I rode across the
island, past the church and the school and the three windmills, to the house near the lighthouse.

It was there that I learned how to use a file. First Peter gave me a piece of brass that he did not need, and told me to make it
flat. I worked on it for two hours. When I was sure that it was flat, he held a steel ruler against it and lifted it to the window,
and light came through in three places. I was ready to cry. He told me that it was the best first try he had seen in a long time,
and that I should now do it again. By the fourth day no light came through. By the fifth day he let me cut one of the teeth of the
new wheel, the one that would stand next to the place where the old one had broken, and he checked it with a glass in his eye and
said nothing, which from him was a good deal of praise.

On Sunday evening we all stood in the hall. Peter hung the clock back on the wall, and my grandmother opened the drawer and took
out the key. Then she did something that surprised everyone, and most of all me. She held the key out and put it in my hand. "It
will have to get used to somebody," she said. I turned it twelve times, and I counted aloud, because I was afraid of making a
mistake. When I let go, the clock began to tick, and it seemed to me that the whole house had started to breathe again.

She died when I was twenty, in the spring, and the house was sold to a family with four children. They were kind people. They
asked us what we would like to keep, and my sister took the blue coat, and my mother took the recipes, which were written on the
backs of old letters. I took the clock. It hangs in my kitchen now, in a city where nobody can hear the sea. Every Sunday evening I
open the glass, take the key, and turn it twelve times. It loses about two minutes a week. I could have that repaired, and I know a
man who would do it well, but I have never asked him. Somewhere inside it there is a tooth that is a little shorter than the others,
and I would not like anyone to correct it.
`;
