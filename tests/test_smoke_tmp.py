from reinterpret import match, render, EditList
def test_it(library, trailer, tmp_path):
    edit = match(trailer, library)
    for c in edit.clips: print(c.first_frame, c.frame_count, edit.film(c.match.film).name, c.match.source_shot, c.match.score)
    print(render(edit, tmp_path/'o.mp4', layout='both'))
    assert [c.first_frame for c in edit.clips]==[0,25,45,75,90]
    assert [(edit.film(c.match.film).name,c.match.source_shot) for c in edit.clips]==[('two.mp4',2),('one.mp4',0),('two.mp4',1),('three.mp4',1),('one.mp4',1)]
